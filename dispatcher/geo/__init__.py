"""Streets: import, network, travel times, routes on the map, datums and addresses."""
