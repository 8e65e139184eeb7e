'use strict'
// The Node peer: smtp-server in front, amqplib's confirm channel behind; 250 after the confirm.
// Environment: PORT, AMQP_URL, QUEUE, TLS_KEY, TLS_CERT (files).

const { readFileSync } = require('node:fs')
const { SMTPServer } = require('smtp-server')
const { openPublisher, documents, traceHeader } = require('./publisher.js')

const MAX_BYTES = 200 * 1024 * 1024

async function main() {
  const publish = await openPublisher(process.env.AMQP_URL, process.env.QUEUE)

  async function accept(session, mime) {
    const facts = {
      'local-ip': session.localAddress,
      'local-port': session.localPort,
      'remote-ip': session.remoteAddress,
      'remote-port': session.remotePort,
      secure: session.secure,
      helo: session.hostNameAppearsAs,
    }
    const recipients = session.envelope.rcptTo.map((recipient) => recipient.address)
    const made = documents(mime, session.envelope.mailFrom.address || '', recipients, facts)
    await publish(made)
    return `Ok, queued as ${made[0].id}`
  }

  const server = new SMTPServer({
    key: readFileSync(process.env.TLS_KEY),
    cert: readFileSync(process.env.TLS_CERT),
    disabledCommands: ['AUTH'],
    authOptional: true,
    disableReverseLookup: true,
    logger: false,
    size: MAX_BYTES,
    onData(stream, session, done) {
      const chunks = [traceHeader(session.hostNameAppearsAs, session.remoteAddress, session.secure)]
      stream.on('data', (chunk) => chunks.push(chunk))
      stream.on('end', () => {
        accept(session, Buffer.concat(chunks)).then((text) => done(null, text), done)
      })
    },
  })
  server.on('error', () => {}) // a client that resets its connection is no reason to stop
  server.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('ready'))
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
