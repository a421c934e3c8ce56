import { JsonCodec2, JsonShapeDeserializer2 } from '@smithy/core/protocols';
import { NormalizedSchema } from '@smithy/core/schema';
import type { $ShapeDeserializer, Schema } from '@smithy/types';
import { readTimestamp } from './timestamp.ts';

/**
 * restJson1's JSON, with timestamps in responses as ISO text or as numbers, regardless of the client's schema. The model has
 * a format for some members only, and AWS's client lacks the format of the `-data` results. The format that the service
 * sends is not documented for each member.
 */
export class TolerantCodec extends JsonCodec2 {
  constructor() {
    super({ timestampFormat: { useTrait: true, default: 7 }, httpBindings: true, jsonName: true });
  }

  override createDeserializer(): $ShapeDeserializer<string> {
    const deserializer = new ResponseDeserializer(this.settings);
    if (this.serdeContext) {
      deserializer.setSerdeContext(this.serdeContext);
    }
    return deserializer;
  }
}

class ResponseDeserializer extends JsonShapeDeserializer2 {
  /**
   * @throws SyntaxError if the body is not JSON.
   * @throws TypeError if it is JSON but not an object, or has an unreadable timestamp.
   */
  override async read(schema: Schema, body: unknown): Promise<unknown> {
    let response: unknown;
    try {
      response = await super.read(schema, body);
    } catch (error) {
      throw error instanceof SyntaxError
        ? new SyntaxError(`the response's body is not JSON: ${error.message}`, { cause: error })
        : error;
    }
    if (typeof response !== 'object' || response === null || Array.isArray(response)) {
      // The items of a list may be nested too deeply to be shown.
      const got = Array.isArray(response) ? 'a list' : JSON.stringify(response).slice(0, 60);
      throw new TypeError(`expected a JSON object as the response's body, got ${got}`);
    }
    return response;
  }

  /** Returns a value of another type than the schema's unchanged, unless the schema's is a timestamp. */
  protected override _read(schema: Schema, value: unknown): unknown {
    const shape = NormalizedSchema.of(schema);
    if (shape.isTimestampSchema() && value !== null && value !== undefined) {
      return readTimestamp(value);
    }
    if (Array.isArray(value) && shape.isStructSchema()) {
      // The base class makes an empty structure of it.
      return value;
    }
    return super._read(shape, value);
  }
}
