"""
Streets: import, network, travel times, routes on the map, datums and addresses.

Callers begin with `open_city`; adding an engine is a row in `travel.ENGINES`, adding a way to order
junctions a row in `order.ORDERS`.
"""
