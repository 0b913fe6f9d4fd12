// Which object of the user a piece of the model was made from: for metadata in the resources, and to say on whom a refusal falls.

export interface Origin {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Rule or listener, as shown to users. */
  readonly section?: string;
}
