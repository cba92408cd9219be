// Les e-mails en français.

import type { MailWords } from '../words.ts'

export const fr: MailWords = {
  test: { subject: 'Les e-mails de Tollgate fonctionnent', text: 'Cet e-mail a été envoyé pour vérifier le serveur de messagerie. Il n’y a rien d’autre à faire.\n' },
  confirm: {
    subject: (customer) => `Souhaitez-vous recevoir les alertes de ${customer} ?`,
    text: ({ customer, link }) =>
      `Une personne qui gère l’utilisation de ${customer} a demandé que cette adresse soit prévenue quand les limites et les crédits s’épuisent.\n\nSi vous le souhaitez, confirmez-le ici dans les sept jours :\n${link}\n\nSinon, ne faites rien : cette adresse ne recevra plus aucun e-mail.\n`,
  },
  threshold: {
    subject: ({ percent, budget, customer }) => `${percent} de « ${budget} » utilisés (${customer})`,
    text: ({ customer, percent, budget, used, limit }) => `${customer} a utilisé ${percent} de « ${budget} » : ${used} sur ${limit}.`,
    anew: (time) => `Le compteur repart de zéro le ${time}.`,
    full: 'Les requêtes concernées peuvent être refusées jusque-là, ou jusqu’à ce que la limite soit relevée.',
  },
  low: {
    subject: ({ balance, customer }) => `Il reste ${balance} de crédits (${customer})`,
    text: ({ customer, balance, threshold }) => `Les crédits de ${customer} sont descendus à ${balance} ; l’alerte est réglée à ${threshold}.`,
    topUp: (link) => `Ajouter des crédits : ${link}`,
  },
  ending: {
    subject: ({ amount, customer }) => `${amount} de crédits expirent bientôt (${customer})`,
    text: ({ customer, amount, time }) => `${amount} des crédits de ${customer} expirent le ${time}. Ce qui n’est pas utilisé d’ici là est perdu.`,
  },
  leave: ({ customer, link }) => `Vous recevez cet e-mail parce que vous avez confirmé vouloir les alertes de ${customer} ; ne plus en recevoir : ${link}`,
}
