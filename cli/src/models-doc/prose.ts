/** What the document explains in words. No figure stands here: figures come from cards. */

export const intro = `# Models

<!-- Written by \`npm run docs:models\`; do not edit. -->

Everything here is written by \`npm run docs:models\` from the cards in [models](../models), the figures of models too large for
git (\`training/results\`), the recipes in [training](../training/timbre_training/recipes) and evaluations stored under
\`docs/evaluations\`. How models are made, and which recordings may teach, calibrate and judge, is told in
[training/README.md](../training/README.md). A request that names no model gets the one that \`DEFAULT_MODEL\` names, else the first
by id.`;

export const tableLegend = `*Accuracy* counts clips of the model's labels that were decided as their own label (\`unknown\` and \`mute\` are wrong for them);
*coverage* the share of them that got a label at all; *foreign refused* the share of foreign clips that were answered with
\`unknown\` or \`mute\`. The columns from *real: accuracy* to *ECE* are of real recordings from sources that neither taught nor
calibrated; *foreign refused* is of the held-out foreign sounds. Shares are computed from the confusion matrices of the cards, with
95 % Wilson intervals. *ECE*, the expected calibration error (Naeini et al. 2015), is the card's own figure: 10 bins of equal width
over sounding label clips, score of the best label against whether that label is right. \`timbre evaluate\` takes 15 bins, which on
few clips gives a larger error for the same answers.`;

export const decisionRules = `## How a decision is made

The worker applies the card's rules to what the graph answered; the whole of it is in
[shared/src/decisions](../shared/src/decisions).

1. **Window scores.** Logits are divided by the card's \`temperature\` and go through softmax; a graph that answers probabilities is
   taken as it is. ([window-scores.ts](../shared/src/decisions/window-scores.ts))
2. **Mute.** A window whose RMS is below \`silenceGate.rmsDbfs\` is \`mute\` and has no say in anything else. The level is measured on
   the samples before any feature, so it does not depend on the model.
3. **Unknown.** A window, or a clip, whose best score is below \`thresholds.unknown\` is \`unknown\`; the best label is still told as
   a guess. Of equal scores the first label of the card wins. ([decision.ts](../shared/src/decisions/decision.ts))
   The networks of our recipes learn one class more than they have labels, *none of them*; before the graph ends its probability is
   shared out evenly over the labels, so a foreign sound leaves with a flat score and falls below the threshold.
4. **The clip.** Its scores are the mean of the scores of its sounding windows: plain (\`meanScore\`), or weighted by the power of
   each window (\`energyWeightedMean\`), so that decaying tails count less than what is played. A clip without a sounding window is
   \`mute\`, with label \`null\` and every score 0. ([clip-scores.ts](../shared/src/decisions/clip-scores.ts))
5. **Segments.** Window scores are smoothed by a median over \`smoothingWindows\` neighbours, label by label, mute windows left out;
   clip scores are not smoothed. Neighbouring windows of one decision become a segment, its borders halfway between the centres of
   overlapping windows, its confidence their mean. Two segments of one label with less than \`mergeGapSeconds\` of \`unknown\` or
   \`mute\` between them become one; another label keeps them apart.
   ([segments.ts](../shared/src/decisions/segments.ts))`;

export const calibrationText = `## Calibration and thresholds

Both are chosen on validation clips only ([calibration.py](../training/timbre_training/calibration.py)). The temperature is the one
with the least negative log-likelihood of the *clip's* scores (Guo et al. 2017), each label counting alike, because the clip's
confidence is what people read. The threshold is the highest of the tried ones that still names the share of label clips which
\`LEAST_COVERAGE\` in [fitting.py](../training/timbre_training/recipes/fitting.py) asks for.`;

export const reproduction = `## Checking and changing models

- \`npm run timbre -- evaluate FOLDER --model ID --out DIR\` runs a labelled folder through the running system: accuracy with its
  interval, coverage, refused foreign sounds, precision, recall and F1 of each class, confusion matrix, reliability diagram, worst
  mistakes with their jobs. \`--out docs/evaluations/NAME\` stores \`report.json\` where this document finds it.
- After a model has changed, two commands bring the rest of the repository up to date, and tests fail until they were run:
  \`PYTHON=.venv/bin/python npm run parity\` writes the scores that Python (onnxruntime on packs of \`timbre features\`) gives the
  bundled samples, to which \`test/e2e/parity.test.ts\` holds the running system by 1e-4; \`npm run docs:models\` writes this document.
  The first needs an environment with two packages: \`python3 -m venv .venv && .venv/bin/pip install onnxruntime numpy\`.
- \`PYTHONPATH=training .venv/bin/python -m timbre_training.parity --against DIR --folder FOLDER\` compares Python with the scores of an
  evaluation, clip by clip.`;
