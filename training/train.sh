#!/bin/sh
# Makes one model from nothing: renders and augments what is not there yet, extracts features with Timbre's own
# preprocess, trains, calibrates, judges and writes models/<id>/. Usage: training/train.sh MODEL [options], where MODEL is
# timbre-s, mfcc-cnn, mel-cnn-head, mel-cnn-peak, mel-image, or one of the large ones, which go to training/runs/<id>/:
# efficientnet-b0, resnet-152, wav2vec2.
set -eu
cd "$(dirname "$0")"

python=${PYTHON:-python3}
real=${REAL_RECORDINGS:-../../shared/train-real}
recipe=$(printf '%s' "${1:?which model? The comment at the top of this script names them}" | tr - _)
shift

(cd .. && npx tsc -b cli)
[ -f data/rendered/metadata.csv ] || "$python" -m timbre_training.render --clips 500 --heldout-clips 120 --synthetic 2200
[ -f data/rendered-augmented/metadata.csv ] ||
  "$python" -m timbre_training.augment --from data/rendered --out data/rendered-augmented
[ -f data/modelled/metadata.csv ] || "$python" -m timbre_training.model_notes --clips 450
[ -f data/modelled-augmented/metadata.csv ] ||
  "$python" -m timbre_training.augment --from data/modelled --out data/modelled-augmented --seed 32
[ -f data/varied/metadata.csv ] || "$python" -m timbre_training.render --varied --clips 160 --seed 21 --out data/varied
if [ -d "$real" ]; then
  [ -f data/real/metadata.csv ] || "$python" -m timbre_training.real_recordings --from "$real" --out data/real
  [ -f data/real-augmented/metadata.csv ] || "$python" -m timbre_training.augment --from data/real \
    --out data/real-augmented --copies 3 --seed 31 --splits train validation test
  [ -f data/replayed/metadata.csv ] || "$python" -m timbre_training.replay --copies 4
else
  echo "no real recordings at $real: training on rendered audio alone (REAL_RECORDINGS names another folder)" >&2
fi
exec "$python" -m "timbre_training.recipes.$recipe" "$@"
