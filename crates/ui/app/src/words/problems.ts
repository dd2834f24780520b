// Words of what goes wrong between the browser and the hub.

export const words = {
  offline: "Tieline cannot be reached",
  offlineFix: "Check your connection; what you wrote is kept.",
  tooLate: "Tieline has not answered for 30 seconds",
  answered: (status: number) => `Tieline answered ${status}`,
  /** Refusals in words of the app's own: the cause and the way out. */
  codes: {
    not_found: ["It is not there any more, or you may not see it", null],
    key_reused: [
      "Tieline has had this from you before, in other words",
      "Load the page again and look first.",
    ],
  } as Partial<Record<string, [string, string | null]>>,
  missing: "There is no such page",
  missingConversation: "This conversation does not exist, or you may not see it",
  noLongerConversation: "You may no longer read this conversation",
  missingContact: "There is no such contact",
  missingRun: "There is no such run",
  again: "Try again",
};
