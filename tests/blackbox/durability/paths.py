"""Addresses of the operations that the load is made of."""

AIDP = "/20260430/aiDataPlatforms/default/mlops/api/2.0/mlflow"
MLFLOW = "/api/2.0/mlflow"
