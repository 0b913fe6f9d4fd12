// The plain-object form of a message, as `create` takes it. Builders return it for parts and `create` once for the whole. Types only.

import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";

export type MessageInit<Desc extends DescMessage> = Exclude<MessageInitShape<Desc>, { readonly $typeName: string }>;
