import type { Section } from '../exposition.ts';
import { type Family, keysOf } from '../families.ts';
import { type Sample, sampleLines } from '../text.ts';
import { Chunk } from './chunk.ts';

/** Items whose lines of one family are rendered and compressed together. */
const ITEMS_PER_CHUNK = 64;

interface Group<Item, Name extends string> {
  readonly members: Set<Item>;
  readonly chunks: Readonly<Record<Name, Chunk>>;
}

export type SamplesOf<Item, Name extends string> = Readonly<Record<Name, (item: Item) => readonly Sample[]>>;

/** The lines of many items in several families. They are rendered in groups of items. */
export class GroupedChunks<Key, Item extends object, Name extends string> {
  readonly #families: Readonly<Record<Name, Family>>;
  readonly #samplesOf: SamplesOf<Item, Name>;
  readonly #itemsPerChunk: number;
  readonly #names: readonly Name[];
  readonly #groups = new Set<Group<Item, Name>>();
  /** Groups of `#groups` that are not full. */
  readonly #open = new Set<Group<Item, Name>>();
  readonly #items = new Map<Key, { readonly item: Item; readonly group: Group<Item, Name> }>();

  constructor(families: Readonly<Record<Name, Family>>, samplesOf: SamplesOf<Item, Name>, perChunk = ITEMS_PER_CHUNK) {
    this.#families = families;
    this.#samplesOf = samplesOf;
    this.#itemsPerChunk = perChunk;
    this.#names = keysOf(samplesOf);
  }

  add(key: Key, item: Item): void {
    const [open] = this.#open;
    const group = open ?? this.#newGroup();
    group.members.add(item);
    this.#items.set(key, { item, group });
    this.#membersChanged(group);
  }

  get(key: Key): Item | undefined {
    return this.#items.get(key)?.item;
  }

  /** Returns all items with their keys, in the order in which they were added. */
  *entries(): Generator<readonly [Key, Item]> {
    for (const [key, { item }] of this.#items) {
      yield [key, item];
    }
  }

  remove(key: Key): void {
    const entry = this.#items.get(key);
    if (entry !== undefined) {
      entry.group.members.delete(entry.item);
      this.#items.delete(key);
      this.#membersChanged(entry.group);
    }
  }

  /** Marks an item's lines of some families, by default of all, as changed. */
  changed(key: Key, names: readonly Name[] = this.#names): void {
    const chunks = this.#items.get(key)?.group.chunks;
    for (const name of names) {
      chunks?.[name].changed();
    }
  }

  section(name: Name): Section {
    return { family: this.#families[name], chunks: () => Array.from(this.#groups, (group) => group.chunks[name]) };
  }

  sections(): Section[] {
    return this.#names.map((name) => this.section(name));
  }

  #membersChanged(group: Group<Item, Name>): void {
    for (const name of this.#names) {
      group.chunks[name].changed();
    }
    const { size } = group.members;
    if (size === 0) {
      this.#groups.delete(group);
    } else {
      this.#groups.add(group);
    }
    if (size > 0 && size < this.#itemsPerChunk) {
      this.#open.add(group);
    } else {
      this.#open.delete(group);
    }
  }

  #newGroup(): Group<Item, Name> {
    const members = new Set<Item>();
    const chunk = (name: Name) =>
      new Chunk(() => {
        let text = '';
        for (const item of members) {
          text += sampleLines(name, this.#samplesOf[name](item));
        }
        return text;
      });
    const chunks = Object.fromEntries(this.#names.map((name) => [name, chunk(name)]));
    return { members, chunks: chunks as Record<Name, Chunk> }; // made of all the names just above
  }
}
