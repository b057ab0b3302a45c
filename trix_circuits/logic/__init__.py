"""What a circuit is: formats, tables, gates, netlists, AIGs, planes, meanings. Nothing here solves or believes."""
