// The first page: what there is, the guided lesson, and what happened last. The parts that need AWS's clients come after it
// is drawn.
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { lazy, Suspense } from "react";
import { useNavigate } from "react-router-dom";
import { Go } from "../../app/go";
import { useLoad } from "../../live/load";
import { Page } from "../../parts/Page";

const Lesson = lazy(() => import("../../lesson/Lesson"));
const RecentEvents = lazy(() => import("./RecentEvents"));

const SERVICES: [id: string, name: string, what: string, whats: string, to: string][] = [
  ["s3", "S3", "bucket", "buckets", "/s3/buckets"],
  ["lambda", "Lambda", "function", "functions", "/lambda/functions"],
  ["sqs", "SQS", "queue", "queues", "/sqs/queues"],
  ["sns", "SNS", "topic", "topics", "/sns"],
  ["eventbridge", "EventBridge", "rule", "rules", "/eventbridge"],
  ["iam", "IAM", "role", "roles", "/iam/roles"],
  ["logs", "CloudWatch Logs", "log group", "log groups", "/logs"],
];

export default function Home() {
  const navigate = useNavigate();
  const counts = useLoad(async () => (await import("../../aws/counts")).readCounts(), [], { every_ms: 5000, onFacts: true });
  return (
    <Page
      title="Outfall"
      description="The road an event takes on AWS, whole, on your own machine."
      actions={<Button onClick={() => navigate("/events")}>All events</Button>}
      reads={[counts]}
    >
      <Container header={<Header variant="h2">Services</Header>}>
        <ul className="services">
          {SERVICES.map(([id, name, what, whats, to]) => {
            const [number, more] = counts.data?.[id] ?? [undefined, false];
            return (
              <li key={id}>
                <Go to={to} variant="primary">
                  {name}
                </Go>
                <Box fontSize="heading-l" fontWeight="bold">
                  {number === undefined ? "-" : `${number}${more ? "+" : ""}`}
                </Box>
                <Box color="text-body-secondary" fontSize="body-s">
                  {number === 1 ? what : whats}
                </Box>
              </li>
            );
          })}
        </ul>
      </Container>
      <Container
        header={
          <Header variant="h2" description="From the first queue to the failure record, step by step.">
            Guided lesson: AWS Lambda destinations
          </Header>
        }
      >
        <Suspense fallback={<Spinner />}>
          <Lesson columns />
        </Suspense>
      </Container>
      <Suspense fallback={<Spinner />}>
        <RecentEvents />
      </Suspense>
      <SpaceBetween size="xs">
        <Box color="text-body-secondary" fontSize="body-s">
          Outfall is not affiliated with AWS. What others wrote of this console is listed in{" "}
          <a href={`${import.meta.env.BASE_URL}THIRD-PARTY.txt`}>THIRD-PARTY.txt</a>.
        </Box>
      </SpaceBetween>
    </Page>
  );
}
