// `Json`, loaded when it is first shown.
import Spinner from "@cloudscape-design/components/spinner";
import { lazy, Suspense, type ComponentProps } from "react";

const Json = lazy(() => import("./Json"));

export function Code(props: ComponentProps<typeof Json>) {
  return (
    <Suspense fallback={<Spinner />}>
      <Json {...props} />
    </Suspense>
  );
}
