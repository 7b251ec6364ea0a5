/**
 * How the record decoders say that a record is not laid out as its major writes it. Never leaves this
 * folder: `decodeRecord` adds which record it was and throws the registered error instead.
 */
export class RecordLayoutFault extends Error {}
