// The page for an address that has none.
import Box from "@cloudscape-design/components/box";
import { Go } from "./go";

export function NotFound() {
  return (
    <Box padding="xxl" textAlign="center">
      <Box variant="h1">There is no such page</Box>
      <Box variant="p" color="text-body-secondary">
        The address may have been mistyped. Everything there is begins at <Go to="/">the first page</Go>.
      </Box>
    </Box>
  );
}
