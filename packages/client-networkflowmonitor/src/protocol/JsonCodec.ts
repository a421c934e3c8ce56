import { JsonCodec2, JsonShapeDeserializer2 } from '@smithy/core/protocols';
import { NormalizedSchema } from '@smithy/core/schema';
import type { $ShapeDeserializer, Schema } from '@smithy/types';
import { readTimestamp } from './timestamp.ts';

/**
 * restJson1's JSON with one difference: timestamps of answers are read as ISO text and as numbers. The model says
 * date-time for some and nothing (so numbers) for others, generated clients have been seen to mix the two up, and the
 * service's word is not known for each.
 */
export class JsonCodec extends JsonCodec2 {
  constructor() {
    super({ timestampFormat: { useTrait: true, default: 7 }, httpBindings: true, jsonName: true });
  }

  override createDeserializer(): $ShapeDeserializer<string> {
    const deserializer = new AnswerDeserializer(this.settings);
    if (this.serdeContext) {
      deserializer.setSerdeContext(this.serdeContext);
    }
    return deserializer;
  }
}

class AnswerDeserializer extends JsonShapeDeserializer2 {
  /**
   * @throws SyntaxError when the body is not JSON.
   * @throws TypeError when it is JSON but no object, or holds an unreadable timestamp.
   */
  override async read(schema: Schema, body: unknown): Promise<unknown> {
    let answer: unknown;
    try {
      answer = await super.read(schema, body);
    } catch (error) {
      throw error instanceof SyntaxError
        ? new SyntaxError(`the answer's body is not JSON: ${error.message}`, { cause: error })
        : error;
    }
    if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) {
      // What is in the list may nest too deep to be shown.
      const got = Array.isArray(answer) ? 'a list' : JSON.stringify(answer).slice(0, 60);
      throw new TypeError(`expected a JSON object as the answer's body, got ${got}`);
    }
    return answer;
  }

  /** A value of another type than the schema's comes through as it is, as far as no timestamp is expected. */
  protected override _read(schema: Schema, value: unknown): unknown {
    const shape = NormalizedSchema.of(schema);
    if (shape.isTimestampSchema() && value !== null && value !== undefined) {
      return readTimestamp(value);
    }
    if (Array.isArray(value) && shape.isStructSchema()) {
      // The base class would make an empty structure of it.
      return value;
    }
    return super._read(shape, value);
  }
}
