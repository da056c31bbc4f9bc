// All roles.
import { ListRolesCommand, type Role } from "@aws-sdk/client-iam";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { Go } from "../../app/go";
import { segment } from "../../app/routes";
import { iam } from "../../aws/iam";
import { useLoad } from "../../live/load";
import { dateTime } from "../../parts/format";
import { ReadFailed } from "../../parts/Page";
import { ResourceTable } from "../../parts/ResourceTable";
import { trusted } from "./trust";

export default function RoleList() {
  const roles = useLoad(readRoles, [], { every_ms: 10_000 });
  return (
    <SpaceBetween size="m">
      <Header variant="h1">IAM</Header>
      {roles.error && <ReadFailed read={roles} />}
      <ResourceTable<Role>
        title="Roles"
        description="An identity with permissions that a service or a user takes on for a while."
        items={roles.data}
        id={(one) => one.RoleName ?? ""}
        text={(one) => one.RoleName ?? ""}
        searchLabel="Search roles by name"
        empty="There is no role yet. Creating a function makes one."
        actions={<Button iconName="refresh" ariaLabel="Refresh" onClick={() => void roles.reload()} />}
        columns={[
          {
            id: "name",
            header: "Role name",
            isRowHeader: true,
            cell: (one) => <Go to={`/iam/roles/${segment(one.RoleName ?? "")}`}>{one.RoleName}</Go>,
            sortingField: "RoleName",
          },
          { id: "trusted", header: "Trusted entities", cell: (one) => trusted(one.AssumeRolePolicyDocument) },
          { id: "path", header: "Path", cell: (one) => one.Path },
          { id: "created", header: "Created", cell: (one) => dateTime(one.CreateDate) },
        ]}
      />
    </SpaceBetween>
  );
}

async function readRoles(): Promise<Role[]> {
  const found: Role[] = [];
  let Marker: string | undefined;
  do {
    const page = await iam().send(new ListRolesCommand({ MaxItems: 1000, Marker }));
    found.push(...(page.Roles ?? []));
    Marker = page.IsTruncated ? page.Marker : undefined;
  } while (Marker && found.length < 20_000);
  return found;
}
