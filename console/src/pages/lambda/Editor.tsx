// The editor: Ace, with the few languages that functions are written in, and nothing that the page's policy forbids.
import "ace-builds/css/ace.css";
import "ace-builds/css/theme/cloud_editor.css";
import "ace-builds/css/theme/cloud_editor_dark.css";
import ace from "ace-builds/src-min-noconflict/ace";
import "ace-builds/src-min-noconflict/mode-javascript";
import "ace-builds/src-min-noconflict/mode-json";
import "ace-builds/src-min-noconflict/mode-python";
import "ace-builds/src-min-noconflict/mode-sh";
import "ace-builds/src-min-noconflict/mode-yaml";
import "ace-builds/src-min-noconflict/ext-language_tools";
import "ace-builds/src-min-noconflict/snippets/javascript";
import "ace-builds/src-min-noconflict/snippets/json";
import "ace-builds/src-min-noconflict/snippets/python";
import "ace-builds/src-min-noconflict/snippets/sh";
import "ace-builds/src-min-noconflict/snippets/text";
import "ace-builds/src-min-noconflict/snippets/yaml";
import "ace-builds/src-min-noconflict/theme-cloud_editor";
import "ace-builds/src-min-noconflict/theme-cloud_editor_dark";
import CodeEditor, { type CodeEditorProps } from "@cloudscape-design/components/code-editor";
import { useState } from "react";

ace.config.set("useStrictCSP", true);
ace.config.set("basePath", import.meta.env.BASE_URL);
ace.config.setDefaultValue("session", "useWorker", false);

const LANGUAGES: Record<string, CodeEditorProps.Language> = {
  py: "python",
  js: "javascript",
  mjs: "javascript",
  cjs: "javascript",
  json: "json",
  yaml: "yaml",
  yml: "yaml",
  sh: "sh",
  bootstrap: "sh",
};
const THEMES = { light: ["cloud_editor"], dark: ["cloud_editor_dark"] };

interface EditorProps {
  name: string;
  text: string;
  onChange: (text: string) => void;
  label?: string;
  height_px?: number;
}

export default function Editor({ name, text, onChange, label = "Code", height_px = 420 }: EditorProps) {
  const [preferences, setPreferences] = useState<CodeEditorProps.Preferences>();
  const [height, setHeight] = useState(height_px);
  return (
    <CodeEditor
      ace={ace}
      value={text}
      language={LANGUAGES[name.split(".").pop() ?? ""] ?? "text"}
      themes={THEMES as CodeEditorProps.AvailableThemes}
      preferences={preferences}
      onPreferencesChange={({ detail }) => setPreferences(detail)}
      onChange={({ detail }) => onChange(detail.value)}
      editorContentHeight={height}
      onEditorContentResize={({ detail }) => setHeight(detail.height)}
      ariaLabel={`${label}: ${name}`}
    />
  );
}
