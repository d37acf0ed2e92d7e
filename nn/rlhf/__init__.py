"""Learning from human feedback: supervised fine-tuning, a reward model, and a policy that follows it."""

from nn.rlhf.dpo import dpo, dpo_loss
from nn.rlhf.responses import Responses, kl, rollout, sequence_log_probs, token_log_probs
from nn.rlhf.reward import RewardModel, preference_loss
from nn.rlhf.sft import sft, sft_loss

__all__ = [
    "Responses", "RewardModel", "dpo", "dpo_loss", "kl", "preference_loss", "rollout", "sequence_log_probs", "sft",
    "sft_loss", "token_log_probs",
]  # fmt: skip
