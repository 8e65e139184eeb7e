'use strict'
// What both Node peers share: the JSON documents of one message, and publishing them until the broker has confirmed every one.

const { isUtf8 } = require('node:buffer')
const { randomUUID } = require('node:crypto')
const os = require('node:os')
const amqp = require('amqplib')

const HOSTNAME = os.hostname()

/** A function that publishes [{ id, body }, …] and resolves when the broker has routed, persisted and confirmed all of them. */
async function openPublisher(url, queue) {
  const connection = await amqp.connect(url, { noDelay: true })
  const channel = await connection.createConfirmChannel()
  await channel.assertQueue(queue, { durable: true })
  const returned = new Set()
  channel.on('return', (message) => returned.add(message.properties.messageId))
  const publish = ({ id, body }) =>
    new Promise((resolve, reject) => {
      const options = { persistent: true, mandatory: true, contentType: 'application/json', messageId: id }
      channel.publish('', queue, body, options, (error) => {
        if (error) reject(error)
        else if (returned.delete(id)) reject(new Error('no queue took the message'))
        else resolve()
      })
    })
  return (documents) => (documents.length === 1 ? publish(documents[0]) : Promise.all(documents.map(publish)))
}

/** One document per recipient. The message is encoded once, each document is put together around it. */
function documents(mime, envelope, recipients, connection) {
  const text = isUtf8(mime)
  const encoded = Buffer.from(text ? JSON.stringify(mime.toString('utf8')) : `"${mime.toString('base64')}","mime-encoding":"base64"`)
  const received = new Date().toISOString().slice(0, 19).replace('T', ' ')
  const shared = Buffer.from(
    `,"envelope":${JSON.stringify(envelope)},"received":"${received}","hostname":${JSON.stringify(HOSTNAME)},` +
      `"connection":${JSON.stringify(connection)},"mime":`,
  )
  const end = Buffer.from('}')
  return recipients.map((recipient) => {
    const id = randomUUID()
    const own = Buffer.from(`{"message-id":"${id}","recipient":${JSON.stringify(recipient)}`)
    return { id, body: Buffer.concat([own, shared, encoded, end]) }
  })
}

/** The trace header that goes before the message (RFC 5321 section 4.4). */
function traceHeader(helo, remoteIp, secure) {
  return Buffer.from(
    `Received: from ${helo} ([${remoteIp}])\r\n\tby ${HOSTNAME} with ${secure ? 'ESMTPS' : 'ESMTP'} id ${randomUUID()};\r\n` +
      `\t${new Date().toUTCString().replace('GMT', '+0000')}\r\n`,
  )
}

module.exports = { openPublisher, documents, traceHeader }
