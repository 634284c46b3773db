print("quali-worker")
