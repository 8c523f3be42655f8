// What checked modules import from those that tsconfig.json still leaves out.
export const MOST_RUNS: number;
export const compareLink: (ids: string[]) => string;
export const choosing: (kept: Page.Kept) => { element: HTMLElement; box: (id: string) => Page.Box; keepOnly: (ids: string[]) => void };
