// One bucket: its objects, its properties, who may use it.
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tabs from "@cloudscape-design/components/tabs";
import { useState } from "react";
import { useParam } from "../../app/params";
import { Objects } from "./Objects";
import { Permissions } from "./Permissions";
import { Properties } from "./Properties";

export default function BucketPage() {
  const bucket = useParam("name");
  const [tab, setTab] = useState("objects");
  return (
    <SpaceBetween size="m">
      <Header variant="h1">{bucket}</Header>
      <Tabs
        ariaLabel="Bucket"
        activeTabId={tab}
        onChange={({ detail }) => setTab(detail.activeTabId)}
        tabs={[
          { id: "objects", label: "Objects", content: <Objects bucket={bucket} /> },
          { id: "properties", label: "Properties", content: tab === "properties" && <Properties bucket={bucket} /> },
          { id: "permissions", label: "Permissions", content: tab === "permissions" && <Permissions bucket={bucket} /> },
        ]}
      />
    </SpaceBetween>
  );
}
