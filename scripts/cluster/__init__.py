"""The servers of a Parley fleet on one machine: script/cluster and the tests start them by this.

  process.py    one process: started, awaited, killed, stopped
  files.py      configurations made from deploy/, secrets, ports
  probe.py      questions to a running server that show that it answers
  services.py   Redis, PostgreSQL, Kafka, HAProxy and the roles of parley
  fleet.py      which of them there are, in which order they start
  console.py    script/cluster in the foreground, and its control socket
  command.py    the command line
"""
