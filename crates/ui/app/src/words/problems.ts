// Words of what goes wrong between the browser and the hub.

export const words = {
  offline: "Tieline cannot be reached",
  offlineFix: "Check your connection; what you wrote is kept.",
  tooLate: "Tieline has not answered for 30 seconds",
  answered: (status: number) => `Tieline answered ${status}`,
  missing: "There is no such page",
  missingConversation: "This conversation does not exist, or you may not see it",
  missingContact: "There is no such contact",
  missingRun: "There is no such run",
  again: "Try again",
};
