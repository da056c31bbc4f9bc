// The bar at the top: whether the server is there, its clock, the region, the theme.
import TopNavigation, { type TopNavigationProps } from "@cloudscape-design/components/top-navigation";
import { tell } from "../live/api";
import { isManual, timeScale, useServerNow } from "../live/clock";
import { useConnection } from "../live/stream";
import { clockTime } from "../parts/format";
import { useFlash } from "./flash";
import { useFollow } from "./go";
import { regionName, REGIONS } from "./regions";
import { change, useSettings, type Theme } from "./settings";
import { applyTheme } from "./theme";

const THEMES: Record<Theme, string> = { system: "As the system has it", light: "Light", dark: "Dark" };

const MOVES: Record<string, Record<string, string | number>> = {
  minute: { advance_ms: 60_000 },
  hour: { advance_ms: 3_600_000 },
  next: { to: "next" },
  idle: { to: "idle" },
};

export function TopBar() {
  const { region, theme } = useSettings();
  const { link, onFollow } = useFollow();
  const connection = useConnection();
  const flash = useFlash();
  useServerNow(1000);

  const onClock = async (id: string) => {
    try {
      if (id === "skip") {
        const { skipped } = await tell<{ skipped: number }>("events/skip-wait");
        flash.success(skipped ? `Skipped the wait of ${skipped} ${skipped === 1 ? "event" : "events"}.` : "No event is waiting.");
      } else {
        const { clock_ms } = await tell<{ clock_ms: number }>("clock", MOVES[id]);
        flash.success(`It is ${clockTime(clock_ms)} on the server now, and all that follows is done.`);
      }
    } catch (error) {
      flash.failure(error);
    }
  };

  const utilities: TopNavigationProps.Utility[] = [
    {
      type: "button",
      text: connection === "lost" ? "Not connected" : window.location.host,
      iconName: connection === "lost" ? "status-negative" : connection === "open" ? "status-positive" : "status-in-progress",
      href: link("/settings"),
      onFollow: onFollow as TopNavigationProps.ButtonUtility["onFollow"],
      ariaLabel: connection === "lost" ? "Not connected to the server" : `Connected to ${window.location.host}`,
    },
    {
      type: "menu-dropdown",
      text: `Clock: ${clockName()}`,
      ariaLabel: "Clock",
      onItemClick: ({ detail }) => void onClock(detail.id),
      items: [
        { id: "skip", text: "Skip all waits" },
        {
          id: "move",
          text: "Move the clock",
          items: [
            { id: "minute", text: "One minute on" },
            { id: "hour", text: "One hour on" },
            { id: "next", text: "To what is due next" },
            { id: "idle", text: "Until nothing is due" },
          ].map((item) => ({
            ...item,
            disabled: !isManual(),
            disabledReason: "The clock runs by itself; start the server with --clock manual to move it.",
          })),
        },
      ],
    },
    {
      type: "menu-dropdown",
      text: regionName(region),
      ariaLabel: "Region",
      onItemClick: ({ detail }) => change({ region: detail.id }),
      items: REGIONS.map(([id, name]) => ({ id, text: name, description: id })),
    },
    {
      type: "menu-dropdown",
      iconName: "settings",
      title: "Theme",
      ariaLabel: "Theme",
      onItemClick: ({ detail }) => {
        change({ theme: detail.id as Theme });
        applyTheme();
      },
      items: Object.entries(THEMES).map(([id, text]) => ({
        id,
        text,
        itemType: "checkbox" as const,
        checked: id === theme,
      })),
    },
  ];
  return (
    <div id="top" className="top">
      <TopNavigation
        identity={{ title: "Outfall", href: link("/"), onFollow: onFollow as TopNavigationProps.Identity["onFollow"] }}
        utilities={utilities}
      />
    </div>
  );
}

function clockName(): string {
  if (isManual()) return "moved by hand";
  const scale = timeScale();
  return scale === 1 ? "real time" : `waits x ${scale}`;
}
