/** What goes wrong with a store. */

/** The store cannot be used now; the text says why and holds no secret. */
export class StoreError extends Error {}

/** Another instance has this incident and does not let go; others may still be free. */
export class IncidentHeldError extends StoreError {}
