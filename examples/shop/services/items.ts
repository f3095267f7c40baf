export interface Item {
  readonly id: string;
  readonly name: string;
  readonly cents: number;
}

export const items: readonly Item[] = [
  { id: "kettle", name: "Kettle", cents: 3_900 },
  { id: "lamp", name: "Desk lamp", cents: 5_500 },
  { id: "umbrella", name: "Umbrella", cents: 1_900 },
  { id: "scarf", name: "Woven scarf", cents: 4_200 },
];
