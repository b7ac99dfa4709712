"""What answers: releases, the HTTP application, the service."""
