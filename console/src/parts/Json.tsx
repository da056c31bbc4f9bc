// Text that is to be read: JSON with its colours, anything else as it is; very long text is cut, and says so.
import Box from "@cloudscape-design/components/box";
import CodeView from "@cloudscape-design/code-view/code-view";
import javascript from "@cloudscape-design/code-view/highlight/javascript";
import json from "@cloudscape-design/code-view/highlight/json";
import python from "@cloudscape-design/code-view/highlight/python";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import { pretty } from "./format";

const SHOWN_MAX = 200_000;
const HIGHLIGHTED_MAX = 50_000;
const HIGHLIGHTS = { json, python, javascript, text: undefined };

interface JsonProps {
  text: string;
  language?: keyof typeof HIGHLIGHTS;
  label?: string;
}

export default function Json({ text, language = "json", label = "Copy" }: JsonProps) {
  const whole = language === "json" ? pretty(text) : text;
  const shown = whole.slice(0, SHOWN_MAX);
  return (
    <>
      <CodeView
        content={shown}
        lineNumbers
        wrapLines
        highlight={shown.length > HIGHLIGHTED_MAX ? undefined : HIGHLIGHTS[language]}
        actions={
          <CopyToClipboard copyButtonAriaLabel={label} copySuccessText="Copied" copyErrorText="This browser does not let a page copy" textToCopy={whole} variant="icon" />
        }
        i18nStrings={{ lineNumberLabel: "Line", codeLabel: "Text" }}
        ariaLabel="Text"
      />
      {whole.length > shown.length && (
        <Box color="text-body-secondary">The first {SHOWN_MAX.toLocaleString("en")} characters of {whole.length.toLocaleString("en")}.</Box>
      )}
    </>
  );
}
