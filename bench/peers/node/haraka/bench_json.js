'use strict'
// Haraka plugin: every recipient accepted, one JSON document per recipient, OK after the broker's confirm.
// Environment: AMQP_URL, QUEUE, PUBLISHER (path of publisher.js).

const { openPublisher, documents } = require(process.env.PUBLISHER)

let publish

exports.register = function () {
  this.register_hook('init_master', 'connect_broker')
}

exports.connect_broker = function (next) {
  openPublisher(process.env.AMQP_URL, process.env.QUEUE).then(
    (ready) => {
      publish = ready
      next()
    },
    (error) => next(DENY, String(error)),
  )
}

// No name server is asked: no other server under measurement asks one.
exports.hook_lookup_rdns = (next) => next(OK, 'localhost')

// Haraka listens before the broker has answered.
exports.hook_rcpt = (next) => next(publish ? OK : DENYSOFT)

exports.hook_queue = (next, connection) => {
  const transaction = connection.transaction
  transaction.message_stream.get_data((mime) => {
    const facts = {
      'local-ip': connection.local.ip,
      'local-port': connection.local.port,
      'remote-ip': connection.remote.ip,
      'remote-port': connection.remote.port,
      secure: connection.tls.enabled,
      helo: connection.hello.host,
    }
    const recipients = transaction.rcpt_to.map((recipient) => recipient.address)
    const envelope = transaction.mail_from.address || ''
    publish(documents(mime, envelope, recipients, facts)).then(
      () => next(OK),
      () => next(DENYSOFT),
    )
  })
}
