"""The embedded queue: documents as files in folders, durable without a broker.

``<queue-directory>/<queue>/new/<message-id>.json``, one document per file, readable with ``ls`` and ``jq``.
"""
