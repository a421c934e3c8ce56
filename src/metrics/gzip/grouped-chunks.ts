import type { Section } from '../exposition.ts';
import type { Family } from '../family.ts';
import { Chunk } from './chunk.ts';

/** Items whose lines of one family are rendered and compressed together. */
const ITEMS_A_CHUNK = 64;

interface Group<Item, Name extends string> {
  readonly members: Set<Item>;
  readonly chunks: Readonly<Record<Name, Chunk>>;
}

/** The lines of many items in several families, rendered in groups of a few dozen items. */
export class GroupedChunks<Item extends object, Name extends string> {
  readonly #families: Readonly<Record<Name, Family>>;
  readonly #lines: Readonly<Record<Name, (item: Item) => string>>;
  readonly #groups = new Set<Group<Item, Name>>();
  readonly #groupOf = new Map<Item, Group<Item, Name>>();
  /** Groups of `#groups` that have room. */
  readonly #roomy = new Set<Group<Item, Name>>();

  /** `lines` renders an item's lines of each family: whole lines, or none where nothing is known. */
  constructor(families: Readonly<Record<Name, Family>>, lines: Readonly<Record<Name, (item: Item) => string>>) {
    this.#families = families;
    this.#lines = lines;
  }

  add(item: Item): void {
    const [roomy] = this.#roomy;
    const group = roomy ?? this.#newGroup();
    group.members.add(item);
    this.#groupOf.set(item, group);
    this.#membersChanged(group);
  }

  /** An item leaves, and its lines with it. */
  remove(item: Item): void {
    const group = this.#groupOf.get(item);
    if (group !== undefined) {
      group.members.delete(item);
      this.#groupOf.delete(item);
      this.#membersChanged(group);
    }
  }

  /** An item's lines of a family have changed. */
  changed(item: Item, name: Name): void {
    this.#groupOf.get(item)?.chunks[name].changed();
  }

  section(name: Name): Section {
    return { family: this.#families[name], chunks: () => Array.from(this.#groups, (group) => group.chunks[name]) };
  }

  sections(): Section[] {
    return this.#names().map((name) => this.section(name));
  }

  #membersChanged(group: Group<Item, Name>): void {
    for (const name of this.#names()) {
      group.chunks[name].changed();
    }
    if (group.members.size === 0) {
      this.#groups.delete(group);
      this.#roomy.delete(group);
      return;
    }
    this.#groups.add(group);
    if (group.members.size < ITEMS_A_CHUNK) {
      this.#roomy.add(group);
    } else {
      this.#roomy.delete(group);
    }
  }

  #names(): Name[] {
    return Object.keys(this.#families) as Name[]; // the record has exactly these keys
  }

  #newGroup(): Group<Item, Name> {
    const members = new Set<Item>();
    const chunk = (name: Name) => {
      const render = this.#lines[name];
      return new Chunk(() => Array.from(members, render).join(''));
    };
    const chunks = Object.fromEntries(this.#names().map((name) => [name, chunk(name)]));
    return { members, chunks: chunks as Record<Name, Chunk> }; // made of all the names just above
  }
}
