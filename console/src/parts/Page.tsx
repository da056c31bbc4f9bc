// What every page is made of: a title with its actions, what could not be read, and the content below one another.
import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactNode } from "react";

interface Read {
  error: string | undefined;
  reload: () => Promise<void>;
}

interface PageProps {
  title: ReactNode;
  description?: ReactNode;
  info?: ReactNode;
  actions?: ReactNode;
  /** What was read for the page: the first that failed is told of. */
  reads?: readonly Read[];
  children: ReactNode;
}

export function Page({ title, description, info, actions, reads = [], children }: PageProps) {
  const failed = reads.find((read) => read.error !== undefined);
  return (
    <ContentLayout
      header={
        <Header variant="h1" description={description} info={info} actions={actions}>
          {title}
        </Header>
      }
    >
      <SpaceBetween size="l">
        {failed && <ReadFailed read={failed} />}
        {children}
      </SpaceBetween>
    </ContentLayout>
  );
}

/** Says what could not be read, and tries again when asked to. */
export function ReadFailed({ read }: { read: Read }) {
  return (
    <Alert type="error" header="This could not be read" action={<Button onClick={() => void read.reload()}>Try again</Button>}>
      {read.error}
    </Alert>
  );
}

/** Buttons side by side. */
export function Buttons({ children }: { children: ReactNode }) {
  return (
    <SpaceBetween direction="horizontal" size="xs">
      {children}
    </SpaceBetween>
  );
}
