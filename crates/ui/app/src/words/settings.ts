// Words of the settings.

import { count } from "../format";
import type { Policy } from "../types";

export const words = {
  title: "Settings",
  salesforce: "Salesforce",
  org: "Org",
  state: "State",
  connected: "Connected",
  runsAs: "Runs as",
  address: "Address",
  noOrg: "No org is connected.",
  saved: "Saved. It holds from the next run on.",
  keep: (object: string) => `Keep ${object} records and contacts in step`,
  deletes: "When a record is deleted in Salesforce",
  honour: "delete the contact",
  ignore: "keep the contact",
  fields: (n: number) => `${n} fields, and who wins when both sides change one`,
  columns: { salesforce: "Salesforce", tieline: "Tieline", both: "When both change" },
  wins: (field: string) => `Who wins for ${field}`,
  readOnly: "read only",
  policies: {
    salesforce: "Salesforce wins",
    tieline: "Tieline wins",
    newest: "The newest wins",
    ask: "Ask",
  } satisfies Record<Policy, string>,
  organisation: "Organisation",
  country: "Numbers without a country are read as in",
  countrySaved: "Saved. All numbers are read anew; who opted out stays out.",
  toRead: (n: number) =>
    n === 1 ? "1 contact is still to be read." : `${count(n)} contacts are still to be read.`,
  budget: "Calls to Salesforce in 24 hours, at most",
  budgetSaved: "Saved. It holds within ten seconds.",
  look: "Look",
  colours: "Colours",
  looks: { "light dark": "As the system", light: "Light", dark: "Dark" } as Record<string, string>,
  you: "You",
  signOut: "Sign out",
  notSignedOut: "You are still signed in.",
  leaving: {
    title: "Sign out and lose what is not sent?",
    unsent: (n: number) =>
      n === 1 ? "1 message has not left yet." : `${count(n)} messages have not left yet.`,
    drafts: (n: number) => (n === 1 ? "1 draft is not finished." : `${count(n)} drafts are not finished.`),
    lost: "Signing out takes them off this browser.",
    stay: "Stay",
  },
};
