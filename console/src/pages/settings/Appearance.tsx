// How the console looks.
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import { change, useSettings, type Theme } from "../../app/settings";
import { applyTheme } from "../../app/theme";

const THEMES: Record<Theme, string> = { system: "As the system has it", light: "Light", dark: "Dark" };

export function Appearance() {
  const { theme } = useSettings();
  return (
    <Container header={<Header variant="h2">Appearance</Header>}>
      <FormField label="Theme">
        <SegmentedControl
          label="Theme"
          selectedId={theme}
          options={Object.entries(THEMES).map(([id, text]) => ({ id, text }))}
          onChange={({ detail }) => {
            change({ theme: detail.selectedId as Theme });
            applyTheme();
          }}
        />
      </FormField>
    </Container>
  );
}
