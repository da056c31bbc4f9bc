// Light or dark: as the system has it, unless the settings say otherwise.
import { applyMode, Mode } from "@cloudscape-design/global-styles";
import { settings } from "./settings";

const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");

export function isDark(): boolean {
  const { theme } = settings();
  return theme === "dark" || (theme === "system" && prefersDark.matches);
}

/** Shows the theme that is set. */
export function applyTheme(): void {
  applyMode(isDark() ? Mode.Dark : Mode.Light);
}

prefersDark.addEventListener("change", applyTheme);
