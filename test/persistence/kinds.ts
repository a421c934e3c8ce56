import type { RecordKind } from '../../src/persistence/storage/record-directory.ts';

export interface Note {
  readonly text: string;
}

/** Records that hold a text. */
export const NOTES: RecordKind<Note> = {
  directory: 'notes',
  holds: 'a note',
  read: (value) =>
    typeof value === 'object' && value !== null && 'text' in value && typeof value.text === 'string'
      ? { text: value.text }
      : undefined,
  keepTrying: false,
};
