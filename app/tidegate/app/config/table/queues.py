"""Keys of the queues: RabbitMQ and the embedded one."""

from tidegate.app.config.kinds.kind import optional
from tidegate.app.config.kinds.names import EXCHANGE, QUEUE
from tidegate.app.config.kinds.scalars import BOOLEAN, PATH, TIB, duration, number, size, word
from tidegate.app.config.kinds.urls import AMQP
from tidegate.app.config.table import features
from tidegate.app.config.table.key import Group, Key
from tidegate.app.config.values import Encoding, Fallback, QueueType

RABBITMQ = Group("rabbitmq", "RabbitMQ", "The broker and the queues that documents go to. The queue names hold for the embedded queue too.")
STATE = Group("state", "State", "Where files of our own live.")
QUEUE_GROUP = Group(
    "queue",
    "The embedded queue",
    "Folders on disk that take documents when no broker is configured, and while the broker is away: "
    "`<queue-directory>/<queue>/new/<message-id>.json`, one document per file.",
)

QUEUE_KEYS = (
    Key(
        "rabbitmq-address",
        RABBITMQ,
        AMQP,
        "",
        "The broker: `amqp://user:password@host/vhost`, or `amqps://` for TLS. Several addresses separated by commas are the nodes of a "
        "cluster, tried in order. Login and virtual host are `guest:guest` and `/` when they are not named. `amqps` "
        "addresses take `?cacertfile=…&certfile=…&keyfile=…`.",
        "amqp://tidegate:secret@mq1.example.com/mail,amqp://tidegate:secret@mq2.example.com/mail",
        when_empty="no broker: the embedded queue takes everything",
    ),
    Key("rabbitmq-verify", RABBITMQ, BOOLEAN, "true", "Verify the certificate of an `amqps://` broker.", "false"),
    Key(
        "rabbitmq-inbox",
        RABBITMQ,
        QUEUE,
        "inbox",
        "Queue for received mail that goes to no other queue. MailerQ's default is the outbox, which forwards all mail.",
        "inbox",
        when_empty="such mail is **discarded**",
    ),
    Key(
        "rabbitmq-outbox",
        RABBITMQ,
        QUEUE,
        "outbox",
        "Queue that the sender reads. Give `rabbitmq-inbox` the same name to forward all mail at once.",
        "outbox",
        when_empty="there is no sender",
    ),
    Key(
        "rabbitmq-local",
        RABBITMQ,
        QUEUE,
        "",
        "Queue for mail to local addresses.",
        "local",
        feature=features.LOCAL_ADDRESSES,
        when_empty="such mail goes to `rabbitmq-inbox`",
    ),
    Key(
        "rabbitmq-reports",
        RABBITMQ,
        QUEUE,
        "",
        "Queue for mail to local addresses that is a report, such as a delivery status notification.",
        "reports",
        feature=features.REPORTS,
        when_empty="reports are mail like any other",
    ),
    Key(
        "rabbitmq-refused",
        RABBITMQ,
        QUEUE,
        "",
        "Queue for mail to recipients that are refused: it is taken all the same, put there with the reason, and refused after its data.",
        "refused",
        feature=features.REFUSED_MAIL,
        when_empty="refused recipients are refused at RCPT, and nothing is kept",
    ),
    Key(
        "rabbitmq-exchange",
        RABBITMQ,
        EXCHANGE,
        "",
        "Exchange to publish to; the routing key is the name of the queue.",
        "mail",
        when_empty="the default exchange",
    ),
    Key(
        "rabbitmq-declare",
        RABBITMQ,
        BOOLEAN,
        "true",
        "Declare queues and exchange. Switch it off when they were made with other arguments.",
        "false",
    ),
    Key("rabbitmq-durable", RABBITMQ, BOOLEAN, "true", "Declare them durable: they outlive a restart of the broker.", "true"),
    Key(
        "rabbitmq-persistent",
        RABBITMQ,
        BOOLEAN,
        "true",
        "Publish persistent messages (delivery mode 2). MailerQ's default is false; without it a restart of the broker loses mail.",
        "true",
    ),
    Key("rabbitmq-lazy", RABBITMQ, BOOLEAN, "false", "Declare lazy queues (`x-queue-mode`).", "true"),
    Key(
        "rabbitmq-maxpriority",
        RABBITMQ,
        number(0, 255, 4),
        "0",
        "Declare priority queues with this many levels (`x-max-priority`); `0` for none.",
        "4",
    ),
    Key("rabbitmq-encoding", RABBITMQ, optional(word(Encoding)), "", "Compress documents: `gzip`.", "gzip", when_empty="no compression"),
    Key(
        "rabbitmq-queue-type",
        RABBITMQ,
        word(QueueType),
        "classic",
        "Type of the queues that are declared. `quorum` copies them to the nodes of a cluster.",
        "quorum",
        ours=True,
    ),
    Key(
        "rabbitmq-throttle",
        RABBITMQ,
        number(1, 65_535, 100),
        "100",
        "Most publishes that wait for the broker's confirm. When they are spent, clients are answered 452 before they send a message.",
        "100",
    ),
    Key(
        "rabbitmq-maxsize",
        RABBITMQ,
        optional(size(128 * 1024, TIB, "16MB")),
        "",
        "Largest document that the broker takes. Larger mail is refused, and SIZE says so.",
        "64MB",
        ours=True,
        when_empty="16 MiB from RabbitMQ 4 on and 128 MiB before, as the broker's version tells",
    ),
    Key(
        "rabbitmq-timeout",
        RABBITMQ,
        duration(0.1, 3600, "30"),
        "30",
        "How long a confirm may take. Later it counts as a failure: the document goes to the embedded queue or the client is answered 451. "
        "Where it can go to the embedded queue (`queue-fallback: spool`), new mail waits 4 seconds at most.",
        "30",
        ours=True,
    ),
    Key(
        "state-directory",
        STATE,
        PATH,
        "/var/lib/tidegate",
        "Folder for everything that outlives the process.",
        "./var",
        ours=True,
    ),
    Key(
        "queue-directory",
        QUEUE_GROUP,
        PATH,
        "<state-directory>/queue",
        "Folder of the embedded queue.",
        "/srv/tidegate/queue",
        ours=True,
    ),
    Key(
        "queue-fallback",
        QUEUE_GROUP,
        word(Fallback),
        "spool",
        "While the broker is away: `spool` keeps mail in the embedded queue and hands it over later; `refuse` asks clients to come back later "
        "(452, or 451 after the data).",
        "refuse",
        ours=True,
    ),
    Key(
        "queue-maxsize",
        QUEUE_GROUP,
        size(1, 1024 * TIB, "10GB"),
        "10GB",
        "Bytes that the embedded queue may hold. Beyond it clients are answered 452.",
        "100GB",
        ours=True,
    ),
    Key(
        "queue-minfree",
        QUEUE_GROUP,
        size(0, 1024 * TIB, "1GB"),
        "1GB",
        "Bytes that must stay free on the disk of the embedded queue; `0` for no such limit.",
        "5GB",
        ours=True,
    ),
)
