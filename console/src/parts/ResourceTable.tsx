// A table of things by name: found by text, sorted, in pages; what is chosen stays chosen while it is read again.
import Box from "@cloudscape-design/components/box";
import Header from "@cloudscape-design/components/header";
import Pagination from "@cloudscape-design/components/pagination";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import { useEffect, useMemo, useState, type ReactNode } from "react";

interface ResourceTableProps<T> {
  title: string;
  items: readonly T[] | undefined;
  columns: TableProps.ColumnDefinition<T>[];
  /** What names an item, among all of them. */
  id: (item: T) => string;
  /** The text that is searched; without it there is no search. */
  text?: (item: T) => string;
  searchLabel?: string;
  actions?: ReactNode;
  description?: ReactNode;
  empty: ReactNode;
  chosen?: readonly string[];
  onChoose?: (ids: string[]) => void;
  selection?: "single" | "multi";
  page_size?: number;
  variant?: TableProps["variant"];
  /** Called with the items on the page that is shown. */
  onPage?: (items: T[]) => void;
  /** More items there are on the server than were read. */
  more?: boolean;
}

export function ResourceTable<T>(props: ResourceTableProps<T>) {
  const { title, items, columns, id, text, selection, page_size = 25 } = props;
  const [sought, setSought] = useState("");
  const [page, setPage] = useState(1);
  const [sorting, setSorting] = useState<TableProps.SortingState<T>>();

  const found = useMemo(() => {
    const wanted = sought.toLowerCase();
    const kept = (items ?? []).filter((item) => !wanted || !text || text(item).toLowerCase().includes(wanted));
    return sorting ? sorted(kept, sorting) : kept;
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [items, sought, sorting]);
  const pages = Math.max(1, Math.ceil(found.length / page_size));
  const shown = found.slice((Math.min(page, pages) - 1) * page_size, Math.min(page, pages) * page_size);
  const key = shown.map(id).join("\n");
  // eslint-disable-next-line react-hooks/exhaustive-deps
  useEffect(() => props.onPage?.(shown), [key]);

  const total = items?.length ?? 0;
  const counter = items ? `(${sought ? `${found.length}/` : ""}${total.toLocaleString("en")}${props.more ? "+" : ""})` : undefined;
  return (
    <Table<T>
      variant={props.variant}
      items={shown}
      columnDefinitions={columns}
      trackBy={id}
      loading={items === undefined}
      loadingText="Reading"
      selectionType={selection}
      selectedItems={selection ? found.filter((item) => props.chosen?.includes(id(item))) : undefined}
      onSelectionChange={({ detail }) => props.onChoose?.(detail.selectedItems.map(id))}
      sortingColumn={sorting?.sortingColumn}
      sortingDescending={sorting?.isDescending}
      onSortingChange={({ detail }) => setSorting(detail)}
      enableKeyboardNavigation
      wrapLines={false}
      ariaLabels={{
        tableLabel: title,
        selectionGroupLabel: "Selection",
        allItemsSelectionLabel: () => "Select all",
        itemSelectionLabel: (_, item) => `Select ${id(item)}`,
      }}
      header={
        <Header variant="h2" counter={counter} actions={props.actions} description={props.description}>
          {title}
        </Header>
      }
      filter={
        text && (
          <TextFilter
            filteringText={sought}
            filteringPlaceholder={props.searchLabel ?? "Search"}
            filteringAriaLabel={props.searchLabel ?? "Search"}
            countText={sought ? `${found.length} found` : undefined}
            onChange={({ detail }) => {
              setSought(detail.filteringText);
              setPage(1);
            }}
          />
        )
      }
      pagination={
        pages > 1 ? (
          <Pagination
            currentPageIndex={Math.min(page, pages)}
            pagesCount={pages}
            onChange={({ detail }) => setPage(detail.currentPageIndex)}
            ariaLabels={{
              nextPageLabel: "Next page",
              previousPageLabel: "Previous page",
              pageLabel: (number) => `Page ${number}`,
            }}
          />
        ) : undefined
      }
      empty={
        <Box textAlign="center" color="text-body-secondary" padding={{ vertical: "l" }}>
          {sought ? "Nothing found." : props.empty}
        </Box>
      }
    />
  );
}

function sorted<T>(items: readonly T[], { sortingColumn, isDescending }: TableProps.SortingState<T>): T[] {
  const field = sortingColumn.sortingField as keyof T | undefined;
  const compare =
    sortingColumn.sortingComparator ??
    ((a: T, b: T) => {
      const [one, other] = field ? [a[field], b[field]] : [0, 0];
      if (typeof one === "number" && typeof other === "number") return one - other;
      return String(one ?? "").localeCompare(String(other ?? ""), "en", { numeric: true });
    });
  return [...items].sort((a, b) => (isDescending ? -compare(a, b) : compare(a, b)));
}
