import { JsonCodec2, JsonShapeDeserializer2 } from '@smithy/core/protocols';
import { NormalizedSchema } from '@smithy/core/schema';
import { parseRfc3339DateTimeWithOffset } from '@smithy/core/serde';
import type { $ShapeDeserializer, Schema } from '@smithy/types';

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

/**
 * The instant of a timestamp in a response. A number, or text like `1767225600.5` or `1e9`, is seconds since the Unix
 * epoch; other text is an RFC 3339 date-time with `Z` or an offset. Both may have a fraction, of which milliseconds are
 * kept. `""` is what the service writes for an absent value: undefined.
 * @throws TypeError for anything else.
 */
function readTimestamp(value: unknown): Date | undefined {
  if (value === '') {
    return undefined;
  }
  const instant = parseTimestamp(value);
  if (instant === undefined || Number.isNaN(instant.getTime())) {
    throw new TypeError(`expected a timestamp in the response, got ${JSON.stringify(value).slice(0, 60)}`);
  }
  return instant;
}

function parseTimestamp(value: unknown): Date | undefined {
  if (typeof value === 'number' || (typeof value === 'string' && /^-?[\d.]+(?:e[+-]?\d+)?$/i.test(value))) {
    return new Date(Math.round(Number(value) * 1_000));
  }
  try {
    return parseRfc3339DateTimeWithOffset(value);
  } catch {
    return undefined;
  }
}
