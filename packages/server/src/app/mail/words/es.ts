// Los correos en español.

import type { MailWords } from '../words.ts'

export const es: MailWords = {
  test: { subject: 'El correo de Tollgate funciona', text: 'Este correo se envió para probar el servidor de correo. No hay que hacer nada más.\n' },
  confirm: {
    subject: (customer) => `¿Quiere recibir avisos de ${customer}?`,
    text: ({ customer, link }) =>
      `Alguien que gestiona el uso de ${customer} ha pedido que se avise a esta dirección cuando se agoten los límites y los créditos.\n\nSi lo desea, confírmelo aquí en un plazo de siete días:\n${link}\n\nSi no, no haga nada: esta dirección no recibirá más correos.\n`,
  },
  threshold: {
    subject: ({ percent, budget, customer }) => `${percent} de «${budget}» consumido (${customer})`,
    text: ({ customer, percent, budget, used, limit }) => `${customer} ha consumido el ${percent} de «${budget}»: ${used} de ${limit}.`,
    anew: (time) => `El contador empieza de nuevo el ${time}.`,
    full: 'Las solicitudes afectadas pueden rechazarse hasta entonces, o hasta que se amplíe el límite.',
  },
  low: {
    subject: ({ balance, customer }) => `Quedan ${balance} de créditos (${customer})`,
    text: ({ customer, balance, threshold }) => `Los créditos de ${customer} han bajado a ${balance}; el aviso está en ${threshold}.`,
    topUp: (link) => `Añadir créditos: ${link}`,
  },
  ending: {
    subject: ({ amount, customer }) => `${amount} de créditos caducan pronto (${customer})`,
    text: ({ customer, amount, time }) => `${amount} de los créditos de ${customer} caducan el ${time}. Lo que no se use hasta entonces se pierde.`,
  },
  leave: ({ customer, link }) => `Recibe este correo porque confirmó que quiere avisos de ${customer}; no recibir más: ${link}`,
}
