// What is shown in the place of a page that failed: the error and a way to try again, with the rest of the console alive.
import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import { Component, type ReactNode } from "react";
import { explain } from "../aws/problem";

export class Broken extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return (
      <Alert
        type="error"
        header="This page failed"
        action={<Button onClick={() => window.location.reload()}>Load the page again</Button>}
      >
        {explain(this.state.error)}
      </Alert>
    );
  }
}
