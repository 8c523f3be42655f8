// What the parts of the page say to each other.
import type { english } from "/static/i18n/en.js";

export type Child = Node | string | null | undefined;
/** Of an element: what is null is left out. */
export type Children = (Child | readonly Child[])[];

type Handlers = { [Name in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[Name]) => void };
/** By name: true for an attribute without a value, null or false for none; a function listens for the event of that name. */
export interface Attributes extends Handlers {
  [name: string]: string | number | boolean | null | undefined | ((event: never) => void);
}

/** A key of the dictionaries. */
export type Key = keyof typeof english;
/** A text, or one for each plural of the number `n`. */
export type Entry = string | { other: string; [plural: string]: string };
export type Dictionary = { [key in Key]: Entry } & { [key: string]: Entry };
/** The values for the places of a text. */
export type Values = { n?: number; [place: string]: string | number | null | undefined };

/** Who follows a live run: the run at first and at each change, its new steps, its end; and how the connection does. */
export interface Listener {
  status: (run: Api.Run) => void;
  progress: (news: Api.Progress) => void;
  finished: (run: Api.Run) => void;
  outcome: (error: unknown) => void;
}

/** What a view gives to the frame. */
export interface View {
  heading: HTMLElement;
  stop: () => void;
}

/** A vertical or horizontal scale: what is plotted for a value, and back as ticks with labels. */
export interface Scale {
  plot: (value: number | null | undefined) => number | null;
  range: [low: number, high: number];
  ticks: Ticks;
  label: (plotted: number) => string;
}
export type Ticks = (low: number, high: number, most: number) => number[];

export as namespace Page;
