// Mails in English: the measure of what the other languages must say.

export const en = {
  test: { subject: 'Mail from Tollgate works', text: 'This mail was sent to try the mail server. Nothing else needs to be done.\n' },
  confirm: {
    subject: (customer: string) => `Do you want alerts for ${customer}?`,
    text: ({ customer, link }: { customer: string; link: string }) =>
      `Somebody who manages the usage of ${customer} asked that this address be told when limits and credits run low.\n\nIf you want that, confirm it here within seven days:\n${link}\n\nIf you do not, do nothing: this address gets no further mail.\n`,
  },
  threshold: {
    subject: ({ percent, budget, customer }: { percent: string; budget: string; customer: string }) => `${percent} of “${budget}” is used (${customer})`,
    text: ({ customer, percent, budget, used, limit }: { customer: string; percent: string; budget: string; used: string; limit: string }) => `${customer} has used ${percent} of “${budget}”: ${used} of ${limit}.`,
    anew: (time: string) => `It starts anew on ${time}.`,
    full: 'Requests that need it may be refused until then, or until the limit is raised.',
  },
  low: {
    subject: ({ balance, customer }: { balance: string; customer: string }) => `${balance} of credits left (${customer})`,
    text: ({ customer, balance, threshold }: { customer: string; balance: string; threshold: string }) => `The credits of ${customer} fell to ${balance}; you are told at ${threshold}.`,
    topUp: (link: string) => `Add credits: ${link}`,
  },
  ending: {
    subject: ({ amount, customer }: { amount: string; customer: string }) => `${amount} of credits expire soon (${customer})`,
    text: ({ customer, amount, time }: { customer: string; amount: string; time: string }) => `${amount} of the credits of ${customer} expire on ${time}. What is not used by then is lost.`,
  },
  leave: ({ customer, link }: { customer: string; link: string }) => `You get this because you confirmed that you want alerts for ${customer}; end them here: ${link}`,
}
