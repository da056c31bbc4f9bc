// The first page: what there is, the guided lesson, and what happened last.
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";

export default function Home() {
  return <ContentLayout header={<Header variant="h1">Outfall</Header>}>Soon.</ContentLayout>;
}
