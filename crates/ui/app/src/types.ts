// The shapes of the API by short names; what they hold is generated from the hub's description.

import type { components, operations } from "../api/types";

type Shapes = components["schemas"];

export type Author = Shapes["Author"];
export type Attribute = Shapes["ContactField"];
export type Change = Shapes["RunChange"];
export type Contact = Shapes["Contact"];
export type ContactRow = Shapes["ContactRow"];
export type Conversation = Shapes["Conversation"];
export type ConversationChange = Shapes["ConversationChange"];
export type ConversationCounts = Shapes["ConversationCounts"];
export type Counts = Shapes["Counts"];
export type Doing = Shapes["Doing"];
export type LivePresence = Shapes["LivePresence"];
export type Mapping = Shapes["Mapping"];
export type MappingChange = Shapes["MappingChange"];
export type Me = Shapes["Me"];
export type Message = Shapes["Message"];
export type NumberRead = Shapes["NumberRead"];
export type Candidates = Shapes["Candidates"];
export type Policy = Shapes["MappingPolicy"];
export type Run = Shapes["Run"];
export type SearchHit = Shapes["SearchHit"];
export type Settings = Shapes["Settings"];
export type SyncStatus = Shapes["SyncStatus"];
export type View = NonNullable<NonNullable<operations["get_conversations"]["parameters"]["query"]>["view"]>;
