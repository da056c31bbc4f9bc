// What is around every page: the bars above and at the side, the breadcrumbs, the messages, the guided lesson.
import AppLayout from "@cloudscape-design/components/app-layout";
import BreadcrumbGroup from "@cloudscape-design/components/breadcrumb-group";
import Flashbar from "@cloudscape-design/components/flashbar";
import SideNavigation from "@cloudscape-design/components/side-navigation";
import Spinner from "@cloudscape-design/components/spinner";
import { Suspense, useEffect, useState, lazy } from "react";
import { matchPath, useLocation } from "react-router-dom";
import { useFlashItems } from "./flash";
import { useFollow } from "./go";
import { useLostMessage } from "./lost";
import { NotFound } from "./NotFound";
import { Broken } from "./Broken";
import { NAVIGATION, ROUTES, type Route } from "./routes";
import { ParamsContext } from "./params";
import { useSettings } from "./settings";
import { TopBar } from "./TopBar";

const LessonDrawer = lazy(() => import("../lesson/LessonDrawer"));
const NARROW = "(max-width: 1099px)";

function find(pathname: string): { route: Route; params: Record<string, string> } | undefined {
  for (const route of ROUTES) {
    const match = matchPath({ path: route.path, end: true }, pathname);
    if (match) return { route, params: decoded(match.params) };
  }
  return undefined;
}

/** The router leaves all but slashes as they are in the address. */
function decoded(params: Record<string, string | undefined>): Record<string, string> {
  const plain = (text: string): string => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  };
  return Object.fromEntries(Object.entries(params).map(([name, value = ""]) => [name, plain(value)]));
}

export function Shell() {
  const { pathname } = useLocation();
  const { region, accessKeyId } = useSettings();
  const found = find(pathname);
  const items = useFlashItems();
  const lost = useLostMessage();
  const [navigating, setNavigating] = useState(!window.matchMedia(NARROW).matches);
  const [drawer, setDrawer] = useState<string | null>(null);
  const title = found ? found.route.title(found.params) : "Not found";

  useEffect(() => {
    document.title = `${title} | Outfall`;
  }, [title]);
  useEffect(() => {
    if (window.matchMedia("(max-width: 688px)").matches) setNavigating(false);
  }, [pathname]);

  const Page = found?.route.page;
  return (
    <>
      <TopBar />
      <AppLayout
        headerSelector="#top"
        navigation={<Side pathname={pathname} />}
        navigationOpen={navigating}
        onNavigationChange={({ detail }) => setNavigating(detail.open)}
        navigationWidth={240}
        breadcrumbs={<Crumbs route={found?.route} params={found?.params ?? {}} title={title} />}
        notifications={<Flashbar stackItems={lost === null} items={lost ? [lost, ...items] : items} />}
        toolsHide
        activeDrawerId={drawer}
        onDrawerChange={({ detail }) => setDrawer(detail.activeDrawerId)}
        drawers={[
          {
            id: "lesson",
            content: (
              <Suspense fallback={<Spinner />}>
                <LessonDrawer />
              </Suspense>
            ),
            trigger: { iconName: "check" },
            defaultSize: 360,
            resizable: true,
            ariaLabels: {
              drawerName: "Guided lesson",
              closeButton: "Close the guided lesson",
              triggerButton: "Guided lesson",
              resizeHandle: "Resize the guided lesson",
            },
          },
        ]}
        ariaLabels={{
          navigation: "Local services",
          navigationToggle: "Open the navigation",
          navigationClose: "Close the navigation",
          notifications: "Messages",
        }}
        content={
          <ParamsContext.Provider value={found?.params ?? {}}>
            <Broken key={`${region} ${accessKeyId} ${found?.route.path} ${JSON.stringify(found?.params)}`}>
              <Suspense fallback={<Spinner size="large" />}>{Page ? <Page /> : <NotFound />}</Suspense>
            </Broken>
          </ParamsContext.Provider>
        }
      />
    </>
  );
}

function Side({ pathname }: { pathname: string }) {
  const { link, onFollow } = useFollow();
  const active = NAVIGATION.find(({ under }) => pathname.startsWith(under))?.to ?? `/${pathname.split("/")[1] ?? ""}`;
  return (
    <SideNavigation
      header={{ text: "Local services", href: link("/") }}
      activeHref={pathname === "/" ? "" : link(active)}
      onFollow={onFollow}
      items={[
        { type: "link", text: "Events", href: link("/events") },
        { type: "divider" },
        ...NAVIGATION.map(({ text, to }) => ({ type: "link" as const, text, href: link(to) })),
        { type: "divider" },
        { type: "link", text: "Settings", href: link("/settings") },
      ]}
    />
  );
}

function Crumbs({ route, params, title }: { route: Route | undefined; params: Record<string, string>; title: string }) {
  const { link, onFollow } = useFollow();
  if (!route || route.path === "/") return null;
  const items = [...route.above(params), { text: title, to: "" }];
  return (
    <BreadcrumbGroup
      ariaLabel="Breadcrumbs"
      onFollow={onFollow}
      items={items.map(({ text, to }) => ({ text, href: to ? link(to) : "#" }))}
    />
  );
}
