// Starting from nothing.
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import { useState } from "react";
import { useFlash } from "../../app/flash";
import { reset } from "../../live/server";
import { Confirm } from "../../parts/Confirm";

export function ResetPanel() {
  const [asking, setAsking] = useState(false);
  const flash = useFlash();
  const confirmed = async () => {
    await reset();
    flash.success("The server is as it was when it was new.");
  };
  return (
    <Container header={<Header variant="h2" actions={<Button onClick={() => setAsking(true)}>Reset the server</Button>}>Start from nothing</Header>}>
      <Box color="text-body-secondary">Removes everything of every account: functions, queues, buckets, roles, events, logs. There is no way back.</Box>
      {asking && (
        <Confirm title="Reset the server" action="Reset" word="reset" onConfirm={confirmed} onClose={() => setAsking(false)}>
          Everything of every account and every region will be gone.
        </Confirm>
      )}
    </Container>
  );
}
