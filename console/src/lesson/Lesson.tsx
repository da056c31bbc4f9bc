// The guided lesson: its steps, ticked off as the server shows them done, and what to do next.
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import { useNavigate } from "react-router-dom";
import { useFlash } from "../app/flash";
import { useServerNow } from "../live/clock";
import { skipWait } from "../live/events";
import { useLoad } from "../live/load";
import { countdown } from "../parts/format";
import { readLesson, type LessonState } from "./state";
import { CHAPTERS, STEPS, type Step } from "./steps";

const READ_MS = 3000;

export default function Lesson({ columns = false }: { columns?: boolean }) {
  const lesson = useLoad(readLesson, [], { every_ms: READ_MS, onFacts: true });
  const state = lesson.data;
  if (!state) return <StatusIndicator type={lesson.error ? "error" : "loading"}>{lesson.error ?? "Looking how far you are"}</StatusIndicator>;
  const done = STEPS.filter((step) => step.done(state)).length;
  const next = STEPS.find((step) => !step.done(state));
  return (
    <SpaceBetween size="m">
      <ProgressBar
        value={(done / STEPS.length) * 100}
        label={`${done} of ${STEPS.length} steps`}
        additionalInfo="Ticked off from what is on the server, whoever did it."
      />
      {!next && (
        <Alert type="success" header="You have done the lesson">
          Destinations keep successes and failures apart, and carry what a dead-letter queue does not: the response, the error, the
          stack trace, how often it was tried. Permissions came with saving them.
        </Alert>
      )}
      <div className={columns ? "lesson lesson-columns" : "lesson"}>
        {CHAPTERS.map((chapter, i) => (
          <section key={chapter.title} aria-label={`Step ${i + 1}`}>
            <Box variant="h4">{`Step ${i + 1}: ${chapter.title}`}</Box>
            <ol className="lesson-steps">
              {chapter.steps.map((step) => (
                <li key={step.title} aria-current={step === next ? "step" : undefined}>
                  <StepLine step={step} state={state} current={step === next} />
                </li>
              ))}
            </ol>
          </section>
        ))}
      </div>
    </SpaceBetween>
  );
}

function StepLine({ step, state, current }: { step: Step; state: LessonState; current: boolean }) {
  const navigate = useNavigate();
  if (step.done(state)) return <Marked type="success" said="Done" title={step.title} />;
  if (!current) return <Marked type="pending" said="To be done" title={step.title} />;
  return (
    <div className="lesson-next">
      <Marked type="in-progress" said="Next" title={step.title} />
      <Box color="text-body-secondary" fontSize="body-s" margin={{ vertical: "xxs" }}>
        {step.how(state)}
      </Box>
      <Waiting state={state} />
      <Button onClick={() => navigate(step.to(state))}>Take me there</Button>
    </div>
  );
}

function Marked({ type, said, title }: { type: StatusIndicatorProps.Type; said: string; title: string }) {
  return (
    <span className="lesson-line">
      <StatusIndicator type={type} iconAriaLabel={said} />
      <span>{title}</span>
    </span>
  );
}

/** The wait of the event that fails, while it lasts. */
function Waiting({ state }: { state: LessonState }) {
  const now = useServerNow();
  const flash = useFlash();
  const event = state.second;
  if (event?.state !== "waiting") return null;
  const skip = async () => {
    try {
      await skipWait(event.id);
    } catch (error) {
      flash.failure(error, "The wait was not skipped");
    }
  };
  return (
    <Box margin={{ bottom: "xs" }}>
      <StatusIndicator type="pending">{`Retry ${event.attempts} of 2 in ${countdown(event.due_ms - now)}`}</StatusIndicator>{" "}
      <Button variant="inline-link" onClick={() => void skip()}>
        Skip the wait
      </Button>
    </Box>
  );
}
