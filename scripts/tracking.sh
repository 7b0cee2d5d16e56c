#!/usr/bin/env bash
# Makes the Python environment of the tracking test, once per list of requirements:   scripts/tracking.sh DIR REQUIREMENTS
# TensorBoard and MLflow come from PyPI (2.5 min, 900 MB). Where Python or its venv is
# missing, Debian's is installed. Without the network this fails, and so does the test.
set -euo pipefail
dir=$1 requirements=$2
rm -rf "$dir"
if ! python3 -c 'import ensurepip, venv' 2>/dev/null && command -v apt-get >/dev/null; then
  sudo=
  [ "$(id -u)" = 0 ] || sudo=sudo
  $sudo apt-get update -qq
  $sudo apt-get install -y -qq --no-install-recommends python3 python3-venv
fi
python3 -m venv "$dir"
"$dir/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
"$dir/bin/python" -c 'import mlflow, tensorboard; print("tensorboard", tensorboard.__version__, "mlflow", mlflow.__version__)'
cp "$requirements" "$dir/.installed"
