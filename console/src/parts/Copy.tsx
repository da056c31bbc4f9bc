// A value with a button that copies it.
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";

export function Copy({ text, label }: { text: string; label: string }) {
  return (
    <CopyToClipboard
      variant="inline"
      textToCopy={text}
      copyButtonAriaLabel={`Copy ${label}`}
      copySuccessText="Copied"
      copyErrorText="This browser does not let a page copy"
    />
  );
}
