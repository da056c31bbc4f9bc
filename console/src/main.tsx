// Where the console begins: the styles, the language of the components, and the one page that holds all others.
import "@cloudscape-design/global-styles/index.css";
import "./app/console.css";
import { I18nProvider } from "@cloudscape-design/components/i18n";
import messages from "@cloudscape-design/components/i18n/messages/all.en";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router-dom";
import { FlashProvider } from "./app/flash";
import { Shell } from "./app/Shell";
import { applyTheme } from "./app/theme";

applyTheme();

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <I18nProvider locale="en" messages={[messages]}>
      <BrowserRouter basename={import.meta.env.BASE_URL.replace(/\/$/, "")}>
        <FlashProvider>
          <Shell />
        </FlashProvider>
      </BrowserRouter>
    </I18nProvider>
  </StrictMode>,
);
