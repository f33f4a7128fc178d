"""A small generative model that memorises images and makes attempts at them: images, the model, its training, attempts.

Needs equinox and optax, and scikit-learn for its digits: pip install 'sim[generative]'.
"""
